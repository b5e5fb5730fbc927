//! What a reader finds in a compacted topic, once the broker has had time for it.

use std::collections::BTreeMap;

use crate::support::embedded::Embedded;
use crate::support::{Lab, eventually, folder, require, tools, unique};

#[test]
fn only_the_newest_record_of_each_key_is_left() {
    if !require("kcat") || !require("jdk") {
        return;
    }
    let folder = folder();
    let quick = ["-c", "log.cleaner.backoff.ms=100"];
    let embedded = Embedded::start_in(&folder.join("data"), Some(&folder), &quick).unwrap();
    let embedded = Lab::bare(embedded);
    let Some(apache) = Lab::apache() else { return };
    let quick = ["--alter", "--entity-type", "brokers", "--entity-default", "--add-config", quick[1]];
    let altered = apache.tool("admin", "ConfigCommand", &quick);
    assert!(altered.success(), "{altered:?}");
    for lab in [&embedded, apache] {
        compact(lab);
    }
}

/// With a segment for each batch, so that all but the last one is compacted.
fn compact(lab: &Lab) {
    let topic = unique("phase4-compact");
    let create = ["--create", "--topic", &topic, "--partitions", "1", "--replication-factor", "1"];
    let settings = ["cleanup.policy=compact", "segment.ms=1", "min.cleanable.dirty.ratio=0.01"];
    let settings = settings.map(|setting| ["--config", setting]).concat();
    let created = lab.tool("admin", "TopicCommand", &[&create[..], &settings].concat());
    assert!(created.success(), "{created:?}");
    for batch in ["a:1\nb:1\n", "a:2\nc:1\n", "c:\nd:1\n", "d:2\n", "e:last\n"] {
        let arguments = ["-P", "-t", &topic, "-K", ":", "-Z", "-z", "gzip", "-X", "linger.ms=50"];
        let produced = tools::run_with_input(&mut lab.kcat("laravel", &arguments), batch.as_bytes());
        assert!(produced.success(), "{produced:?}");
    }
    let read = || {
        let arguments = ["-C", "-t", &topic, "-o", "beginning", "-e", "-q", "-f", "%o %k %s %S\n"];
        tools::run_with_input(&mut lab.kcat("nest", &arguments), b"").stdout
    };
    let newest = "1 b 1 1\n2 a 2 1\n4 c  -1\n6 d 2 1\n7 e last 4\n";
    let found = eventually(|| Some(read()).filter(|found| found == newest));
    assert_eq!(found.unwrap_or_else(read), newest, "on {}", lab.name());

    // Whoever reads from where a record was finds the next one that is left.
    let arguments = ["-C", "-t", &topic, "-o", "3", "-c", "1", "-q", "-f", "%o"];
    let next = tools::run_with_input(&mut lab.kcat("nest", &arguments), b"");
    assert_eq!(next.stdout, "4", "on {}", lab.name());
    let ends = lab.tool("admin", "GetOffsetShell", &["--topic", &topic]);
    let ends: BTreeMap<_, _> = ends.stdout.lines().filter_map(|line| line.rsplit_once(':')).collect();
    assert_eq!(ends.get(format!("{topic}:0").as_str()), Some(&"8"), "{ends:?}");
}
