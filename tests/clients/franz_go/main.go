// admin BOOTSTRAP TOPIC GROUP USER: what franz-go's kadm can do with a topic, its records, its settings, a group, ACLs
// and a SCRAM user. Says a line for each step; in the end nothing of it is left.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

const (
	// As long as anything may take.
	patience = 30 * time.Second
	// A broker of Apache Kafka hears of a change some time after the controller has answered for it.
	pause = 20 * time.Millisecond
)

type run struct {
	ctx                context.Context
	client             *kgo.Client
	admin              *kadm.Client
	topic, group, user string
}

func say(what string, answer any) {
	text, err := json.Marshal(answer)
	must(err)
	fmt.Println(what, string(text))
}

func must(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// The answer, or the end of it all.
func got[T any](answer T, err error) T {
	must(err)
	return answer
}

// Asks until the answer is the one that is wanted, or the time is over, and says the last one.
func (r *run) settled(what string, wanted any, ask func() any) {
	want := string(got(json.Marshal(wanted)))
	for {
		answer := ask()
		if string(got(json.Marshal(answer))) == want || r.ctx.Err() != nil {
			say(what, answer)
			return
		}
		time.Sleep(pause)
	}
}

func word(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

func pointer(text string) *string { return &text }

func (r *run) topics() {
	settings := map[string]*string{"retention.ms": pointer("60000")}
	created := got(r.admin.CreateTopics(r.ctx, 2, -1, settings, r.topic))[r.topic]
	say("created", []any{word(created.Err), created.NumPartitions, created.ReplicationFactor > 0})
	again := got(r.admin.CreateTopics(r.ctx, 2, -1, settings, r.topic))[r.topic]
	say("created again", word(again.Err))
	say("grown", word(got(r.admin.CreatePartitions(r.ctx, 1, r.topic))[r.topic].Err))
	// Apache Kafka's controller answers before the broker's own view of the topic has grown.
	r.settled("partitions", []any{"ok", 3, true}, func() any {
		listed := got(r.admin.ListTopics(r.ctx, r.topic))[r.topic]
		return []any{word(listed.Err), len(listed.Partitions), listed.Partitions.NumReplicas() > 0}
	})
}

func (r *run) settings() {
	read := func(wanted ...string) {
		r.settled("settings", wanted, func() any {
			var found []string
			for _, resource := range got(r.admin.DescribeTopicConfigs(r.ctx, r.topic)) {
				must(resource.Err)
				for _, setting := range resource.Configs {
					if setting.Key == "retention.ms" || setting.Key == "cleanup.policy" {
						found = append(found, fmt.Sprint(setting.Key, "=", setting.MaybeValue(), " ", setting.Source))
					}
				}
			}
			sort.Strings(found)
			return found
		})
	}
	alter := func(op kadm.IncrementalOp, name, value string) {
		change := []kadm.AlterConfig{{Op: op, Name: name, Value: pointer(value)}}
		for _, altered := range got(r.admin.AlterTopicConfigs(r.ctx, change, r.topic)) {
			say("altered", word(altered.Err))
		}
	}
	read("cleanup.policy=delete DEFAULT_CONFIG", "retention.ms=60000 DYNAMIC_TOPIC_CONFIG")
	alter(kadm.SetConfig, "retention.ms", "70000")
	alter(kadm.AppendConfig, "cleanup.policy", "compact")
	read("cleanup.policy=delete,compact DYNAMIC_TOPIC_CONFIG", "retention.ms=70000 DYNAMIC_TOPIC_CONFIG")
	alter(kadm.DeleteConfig, "retention.ms", "")
	alter(kadm.SubtractConfig, "cleanup.policy", "compact")
	alter(kadm.SetConfig, "retention.ms", "soon")
	alter(kadm.SetConfig, "no.such.setting", "1")
	read("cleanup.policy=delete DYNAMIC_TOPIC_CONFIG", "retention.ms=604800000 DEFAULT_CONFIG")
}

func (r *run) records() {
	now := time.Now().Truncate(time.Millisecond)
	for later := range 3 {
		at := now.Add(time.Duration(later) * time.Second)
		record := &kgo.Record{Topic: r.topic, Partition: 0, Value: []byte("x"), Timestamp: at}
		must(r.client.ProduceSync(r.ctx, record).FirstErr())
	}
	offsets := func(what string, listed kadm.ListedOffsets) {
		must(listed.Error())
		var found []int64
		for partition := range int32(3) {
			offset, _ := listed.Lookup(r.topic, partition)
			found = append(found, offset.Offset)
		}
		say(what, found)
	}
	offsets("start", got(r.admin.ListStartOffsets(r.ctx, r.topic)))
	offsets("end", got(r.admin.ListEndOffsets(r.ctx, r.topic)))
	offsets("by time", got(r.admin.ListOffsetsAfterMilli(r.ctx, now.UnixMilli()+500, r.topic)))
	offsets("largest time", got(r.admin.ListMaxTimestampOffsets(r.ctx, r.topic)))
	until := make(kadm.Offsets)
	until.AddOffset(r.topic, 0, 2, -1)
	deleted, _ := got(r.admin.DeleteRecords(r.ctx, until)).Lookup(r.topic, 0)
	say("deleted", []any{word(deleted.Err), deleted.LowWatermark})
	offsets("start", got(r.admin.ListStartOffsets(r.ctx, r.topic)))
}

func (r *run) groups() {
	commit := make(kadm.Offsets)
	commit.AddOffset(r.topic, 0, 3, -1)
	commit.AddOffset(r.topic, 1, 0, -1)
	must(r.admin.CommitAllOffsets(r.ctx, r.group, commit))
	committed := func() {
		found := map[int32]int64{}
		got(r.admin.FetchOffsets(r.ctx, r.group)).Each(func(offset kadm.OffsetResponse) {
			found[offset.Partition] = offset.At
		})
		say("committed", found)
	}
	committed()
	var first kadm.TopicsSet
	first.Add(r.topic, 1)
	deleted := got(r.admin.DeleteOffsets(r.ctx, r.group, first))
	err, _ := deleted.Lookup(r.topic, 1)
	say("offset deleted", word(err))
	committed()
	described := got(r.admin.DescribeGroups(r.ctx, r.group))[r.group]
	say("group", []any{described.State, described.ProtocolType, len(described.Members)})
	_, listed := got(r.admin.ListGroups(r.ctx))[r.group]
	say("listed", listed)
	lag := got(r.admin.Lag(r.ctx, r.group))[r.group]
	say("lag", lag.Lag.Total())
	say("group deleted", word(got(r.admin.DeleteGroups(r.ctx, r.group))[r.group].Err))
}

func (r *run) acls() {
	one := func() *kadm.ACLBuilder {
		return kadm.NewACLs().Topics(r.topic).ResourcePatternType(kadm.ACLPatternLiteral).
			Allow("User:somebody").AllowHosts("*").Operations(kadm.OpRead, kadm.OpDescribe)
	}
	for _, created := range got(r.admin.CreateACLs(r.ctx, one())) {
		say("acl created", []any{created.Operation.String(), word(created.Err)})
	}
	described := func(wanted int) {
		r.settled("acls", wanted, func() any {
			count := 0
			for _, filtered := range got(r.admin.DescribeACLs(r.ctx, one())) {
				must(filtered.Err)
				count += len(filtered.Described)
			}
			return count
		})
	}
	described(2)
	for _, deleted := range got(r.admin.DeleteACLs(r.ctx, one())) {
		say("acl deleted", []any{len(deleted.Deleted), word(deleted.Err)})
	}
	described(0)
}

func (r *run) users() {
	upsert := []kadm.UpsertSCRAM{{User: r.user, Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "quite-secret"}}
	say("user", word(got(r.admin.AlterUserSCRAMs(r.ctx, nil, upsert))[r.user].Err))
	described := func(wanted int) {
		r.settled("credentials", wanted, func() any {
			return len(got(r.admin.DescribeUserSCRAMs(r.ctx, r.user))[r.user].CredInfos)
		})
	}
	described(1)
	remove := []kadm.DeleteSCRAM{{User: r.user, Mechanism: kadm.ScramSha256}}
	say("user deleted", word(got(r.admin.AlterUserSCRAMs(r.ctx, remove, nil))[r.user].Err))
	described(0)
}

func (r *run) broker() {
	brokers := got(r.admin.ListBrokers(r.ctx))
	say("brokers", len(brokers) > 0)
	var all kadm.TopicsSet
	all.Add(r.topic, 0, 1, 2)
	found := map[int32]bool{}
	got(r.admin.DescribeAllLogDirs(r.ctx, all)).Each(func(dir kadm.DescribedLogDir) {
		must(dir.Err)
		dir.Topics.Each(func(partition kadm.DescribedLogDirPartition) {
			found[partition.Partition] = partition.Size > 0
		})
	})
	say("log dirs", found)
	say("reassignments", len(got(r.admin.ListPartitionReassignments(r.ctx, all))))
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	bootstrap, topic, group, user := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	client := got(kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.SASL(plain.Auth{User: "admin", Pass: "admin-secret"}.AsMechanism()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	))
	defer client.Close()
	r := &run{ctx: ctx, client: client, admin: kadm.NewClient(client), topic: topic, group: group, user: user}
	r.topics()
	r.settings()
	r.records()
	r.groups()
	r.acls()
	r.users()
	r.broker()
	say("deleted", word(got(r.admin.DeleteTopics(ctx, topic))[topic].Err))
}
