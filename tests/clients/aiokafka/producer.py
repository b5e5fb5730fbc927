"""producer.py BOOTSTRAP PRINCIPAL TOPIC KEY...: sends a record for each key, its value the key, idempotent, with gzip.

Says "sent PARTITION OFFSET" for each.
"""

import asyncio
import sys

from aiokafka import AIOKafkaProducer


async def main(bootstrap, principal, topic, *keys):
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        compression_type="gzip",
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_plain_username=principal,
        sasl_plain_password=f"{principal}-secret",
    )
    await producer.start()
    for key in keys:
        sent = await producer.send_and_wait(topic, key=key.encode(), value=key.encode())
        print("sent", sent.partition, sent.offset, flush=True)
    await producer.stop()


asyncio.run(main(*sys.argv[1:]))
