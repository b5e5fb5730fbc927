//! `kafkalab acl explain`: may a principal do something, and why? Offline from the files, and from the cluster where
//! its ACLs can be read.

use serde_json::{Value, json};

use super::{Context, args, kafka_acls, table};
use crate::acl::{
    AclBinding, AclFiles, Explanation, Fix, Mismatch, NearMiss, Operation, Permission, Policy, Question,
    Rule, render,
};
use crate::commands::denial;
use crate::error::{Knowledge, Result};
use crate::escape::escape;
use crate::profile::{Profile, ProfileName};
use crate::report::{Block, Report, Table};
use crate::words::{Message, Text, acl as words};

/// Arguments of `acl explain`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("resource").required(true).args(["topic", "group", "cluster", "transactional_id"]))]
pub struct Args {
    /// Who asks: a name, or a whole principal such as User:nest.
    #[arg(long = "principal", value_name = "PRINCIPAL")]
    whose: String,
    /// What it wants to do: READ, WRITE, DESCRIBE ….
    #[arg(long, value_parser = operation)]
    operation: Operation,
    #[command(flatten)]
    resource: args::ResourceArgs,
    /// From where: the client's address as the broker sees it.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Ask your files only.
    #[arg(long)]
    offline: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let Some(resource) = args.resource.named() else { return Ok(Report::default()) };
    args::fits(args.operation, resource.resource_type)?;
    let principal = args::principal(&args.whose);
    let question = Question { principal: &principal, host: &args.host, operation: args.operation, resource };
    let files = context.acl_files()?;
    let profile = context.profile(ProfileName::Admin)?;
    let cluster = match args.offline {
        true => None,
        false => Some(denial::readable_acls(&profile, context.global.timeout).await),
    };

    let policy = Policy::lab();
    let by_files = files.set().explain(&question, &policy);
    let (source, explanation) = match &cluster {
        Some(Ok(set)) => (Knowledge::ClusterAcls, set.explain(&question, &policy)),
        _ => (Knowledge::YourFiles, by_files.clone()),
    };
    let mut report = Report::new(json!({
        "question": question,
        "allowed": explanation.decision.allowed,
        "rule": explanation.decision.rule,
        "rule_text": explanation.decision.rule.to_string(),
        "source": source,
        "near_misses": explanation.near_misses,
        "fix": explanation.fix.as_ref().map(|fix| fix_json(&profile, fix)),
        "files": { "allowed": by_files.decision.allowed, "rule": by_files.decision.rule,
                   "place": place(&files, &by_files.decision.rule) },
    }));
    context.found("decision", if explanation.decision.allowed { "allowed" } else { "denied" });
    context.found("decided_by", decided_by(&explanation.decision.rule));
    context.found("principal", principal.as_str());
    context.found("resource", resource.to_string());
    context.found("operation", args.operation.to_string());
    let said_by = match source {
        Knowledge::ClusterAcls => words::FROM_CLUSTER.with(&[("address", &profile.bootstrap_server.value)]),
        _ => words::FROM_FILES.into(),
    };
    let verdict = if explanation.decision.allowed { words::MAY } else { words::MAY_NOT };
    report = report
        .line(verdict.with(&[
            ("principal", &principal),
            ("operation", &args.operation),
            ("resource", &resource),
            ("source", &said_by.in_lang(context.lang())),
        ]))
        .line(rule_line(context, &files, &explanation.decision.rule));
    if let Some(Err(problem)) = &cluster {
        context.ui.note(words::ONLY_FILES);
        context.ui.note(words::WHY_ONLY_FILES.with(&[("problem", problem)]));
    }
    if by_files.decision.allowed != explanation.decision.allowed {
        let other = rule_text(&files, &by_files.decision.rule).in_lang(context.lang());
        report = report.line(words::DISAGREE.with(&[("files", &other.trim_end_matches('.'))]));
    }
    report = help(context, report, &profile, &explanation);
    Ok(report.explain(words::EXPLAINED.with(&[("resource", &resource)])).explain(words::SUPER_USERS_ASSUMED))
}

/// What nearly matched, and what would change it.
fn help(context: &Context, report: Report, profile: &Profile, explanation: &Explanation) -> Report {
    const SHOWN: usize = 8;
    let near: &[NearMiss] = &explanation.near_misses;
    let mut report = report;
    if !near.is_empty() {
        let row =
            |miss: &NearMiss| vec![why(miss.why).get(context.lang()).to_owned(), table::sentence(&miss.acl)];
        let rows = near.iter().take(SHOWN).map(row).collect();
        report = report
            .block(Block::Gap)
            .line(words::NEARLY)
            .block(Block::Table(Table { head: vec!["WHY", "ACL"], rows }));
    }
    let Some(fix) = &explanation.fix else { return report };
    report = report.block(Block::Gap);
    let ours = Block::Verbatim(format!("    {}", escape(&own_command(fix))));
    report = match fix {
        Fix::Add(acl) => in_the_file(context, report.line(words::ADD_THIS).block(ours), acl),
        Fix::RemoveDeny(_) => report.line(words::REMOVE_DENY).block(ours),
    };
    report.same_with("Apache Kafka", [command(profile, fix)])
}

/// The entry for whoever has files of their own. Nobody else is told: one file in `acls/` replaces all that are built
/// in.
fn in_the_file(context: &Context, report: Report, acl: &AclBinding) -> Report {
    let Some(folder) = context.acls_folder() else { return report };
    report
        .block(Block::Gap)
        .line(words::ADD_TO_FILE.with(&[("principal", &acl.principal), ("folder", &folder.display())]))
        .block(Block::Verbatim(render::toml_entry(acl)))
}

/// The command of kafkalab that makes a change.
fn own_command(fix: &Fix) -> String {
    match fix {
        Fix::Add(acl) => render::add_command(acl),
        Fix::RemoveDeny(acl) => render::delete_command(acl),
    }
}

/// The `kafka-acls.sh` command of a change.
fn command(profile: &Profile, fix: &Fix) -> String {
    let arguments = match fix {
        Fix::Add(acl) => render::arguments("--add", acl),
        Fix::RemoveDeny(acl) => render::arguments("--remove --force", acl),
    };
    format!("{} {arguments}", kafka_acls(profile))
}

fn fix_json(profile: &Profile, fix: &Fix) -> Value {
    let entry = match fix {
        Fix::Add(acl) => Some(render::toml_entry(acl)),
        Fix::RemoveDeny(_) => None,
    };
    json!({
        "change": fix, "kafkalab": own_command(fix), "kafka_acls": command(profile, fix), "acl_file_entry": entry,
    })
}

/// The kind of rule that decided, as a fact for lessons.
fn decided_by(rule: &Rule) -> &'static str {
    match rule {
        Rule::SuperUser => "super-user",
        Rule::DefaultAllow => "default-allow",
        Rule::DefaultDeny => "default-deny",
        Rule::Acl(acl) if acl.permission == Permission::Deny => "deny",
        Rule::Acl(_) => "allow",
    }
}

fn rule_line(context: &Context, files: &AclFiles, rule: &Rule) -> Message {
    words::RULE.with(&[("rule", &rule_text(files, rule).in_lang(context.lang()))])
}

pub(in crate::commands) fn rule_text(files: &AclFiles, rule: &Rule) -> Message {
    match rule {
        Rule::SuperUser => words::RULE_SUPER_USER.into(),
        Rule::DefaultAllow => words::RULE_DEFAULT_ALLOW.into(),
        Rule::DefaultDeny => words::RULE_DEFAULT_DENY.into(),
        Rule::Acl(acl) => {
            let place = place(files, rule).map(|place| format!(" ({place})")).unwrap_or_default();
            words::RULE_ACL.with(&[("acl", &table::sentence(acl)), ("place", &place)])
        }
    }
}

/// File and line of the deciding ACL, if it is written in the files.
pub(in crate::commands) fn place(files: &AclFiles, rule: &Rule) -> Option<String> {
    match rule {
        Rule::Acl(acl) => files.place_of(acl).map(|written| written.source.to_string()),
        _ => None,
    }
}

pub(in crate::commands) fn why(mismatch: Mismatch) -> Text {
    match mismatch {
        Mismatch::Overruled => words::WHY_OVERRULED,
        Mismatch::LiteralNotPrefixed => words::WHY_LITERAL_NOT_PREFIXED,
        Mismatch::PrefixedAsterisk => words::WHY_PREFIXED_ASTERISK,
        Mismatch::NameCase => words::WHY_NAME_CASE,
        Mismatch::OtherName => words::WHY_OTHER_NAME,
        Mismatch::PrincipalCase => words::WHY_PRINCIPAL_CASE,
        Mismatch::OtherHost => words::WHY_OTHER_HOST,
        Mismatch::OtherOperation => words::WHY_OTHER_OPERATION,
        Mismatch::OtherPrincipal => words::WHY_OTHER_PRINCIPAL,
    }
}

/// One concrete operation: `ALL` and `ANY` are none.
pub(in crate::commands) fn operation(text: &str) -> std::result::Result<Operation, String> {
    match text.parse::<Operation>() {
        Ok(Operation::All | Operation::Any) => Err("name one operation, such as READ or WRITE".to_owned()),
        other => other.map_err(|error| error.to_string()),
    }
}
