import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from serve.deliveries import queue
from serve.deliveries.addresses import Reach
from serve.deliveries.dispatcher import Background, Dispatcher
from serve.deliveries.webhook import Webhooks
from serve.notices.sms import Sms, open_gateway, sms_draft
from serve.store.database import Connection
from tests.serve.deliveries.post import HURRY, KEYRING, VAULT, now
from tests.serve.deliveries.receiver import Receiver
from tests.serve.notices.people import LETTERS

SECRET = base64.b64encode(b"agreed with the gateway!").decode()


def sms() -> Sms:
    reach = Reach(http=True, private=True)
    return Sms(Webhooks(KEYRING, VAULT, reach=reach, now=now), LETTERS)


@contextmanager
def sending(url: str) -> Iterator[None]:
    working = Background(
        Dispatcher(url, lambda: {"sms": sms()}, now=now, chance=Random(1), pace=HURRY)
    )
    working.start()
    try:
        yield
    finally:
        working.stop()


def test_a_short_message_reaches_the_gateway_signed_with_its_secret(
    own: Connection, store_url: str
) -> None:
    with Receiver() as gateway:
        with own.writing():
            open_gateway(own, gateway.url, f"whsec_{SECRET}", vault=VAULT)
            draft = sms_draft("s-1", "+525512345678", "hola", language="es", vault=LETTERS)
            queue.enqueue(own, [draft], at=now(), due=now())
        with sending(store_url):
            assert gateway.seen(1)

    [post] = gateway.taken
    signed = b"s-1." + post.headers["webhook-timestamp"].encode() + b"." + post.body
    right = hmac.digest(base64.b64decode(SECRET), signed, "sha256")
    assert post.headers["webhook-signature"] == "v1," + base64.b64encode(right).decode()
    assert json.loads(post.body) == {"to": "+525512345678", "text": "hola", "language": "es"}
