"""consumer.py BOOTSTRAP PRINCIPAL GROUP TOPIC COUNT [INSTANCE]: reads COUNT records with a group, commits, leaves.

Logs in with SCRAM-SHA-256. Says what happens a line each: "joined PARTITIONS", "record PARTITION OFFSET VALUE",
"left".
"""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        print("joined", ",".join(str(p.partition) for p in sorted(assigned)), flush=True)


async def main(bootstrap, principal, group, topic, count, instance=None):
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        group_instance_id=instance,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_plain_username=principal,
        sasl_plain_password=f"{principal}-secret",
    )
    consumer.subscribe([topic], listener=Listener())
    await consumer.start()
    for _ in range(int(count)):
        record = await consumer.getone()
        print("record", record.partition, record.offset, record.value.decode(), flush=True)
    await consumer.commit()
    await consumer.stop()
    print("left", flush=True)


asyncio.run(main(*sys.argv[1:]))
