"""Sparkplug B payloads: what we write others read, and the other way round."""

from datetime import UTC, datetime, timedelta

import pytest

from app.demo.systems.sparkplug import (
    BD_SEQ,
    REBIRTH,
    Datatype,
    Metric,
    Payload,
    PayloadError,
    Verb,
    aliases,
    decode,
    encode,
    topic,
)

AT = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
DATA_AT = AT + timedelta(milliseconds=1500)
NODE = (
    Metric(BD_SEQ, Datatype.INT64, 3),
    Metric(REBIRTH, Datatype.BOOLEAN, value=False),
)
DEVICE = (
    Metric("quantity", Datatype.STRING, None, 1),
    Metric("no", Datatype.INT64, None, 2),
    Metric("at", Datatype.DATETIME, None, 3),
)
SAID = (
    Metric("", Datatype.STRING, "12.125", 1),
    Metric("", Datatype.INT64, 4711, 2),
    Metric("", Datatype.DATETIME, AT, 3),
)
# The same payloads as pysparkplug 0.6.1, written by others from the same .proto, encodes them.
THEIRS = {
    "node birth": (
        Payload(AT, NODE, 0),
        "08c0bbb2b68f34120b0a05626453657120045803121a0a144e6f646520436f6e74726f6c2f52656269727468"
        "200b70001800",
    ),
    "device birth": (
        Payload(AT, DEVICE, 1),
        "08c0bbb2b68f3412100a087175616e746974791001200c3801120a0a026e6f100220043801120a0a02617410"
        "03200d38011801",
    ),
    "data": (
        Payload(DATA_AT, SAID, 255),
        "089cc7b2b68f34120a10017a0631322e3132351205100258e7241209100358c0bbb2b68f3418ff01",
    ),
    "node death": (Payload(AT, NODE[:1]), "08c0bbb2b68f34120b0a05626453657120045803"),
}


@pytest.mark.parametrize("name", THEIRS)
def test_bytes_are_those_of_another_implementation(name):
    payload, theirs = THEIRS[name]
    assert encode(payload).hex() == theirs


def test_data_is_read_by_the_birth_before_it():
    said = decode(bytes.fromhex(THEIRS["data"][1]), aliases(DEVICE))
    assert (said.timestamp, said.seq) == (DATA_AT, 255)
    assert [(metric.name, metric.value) for metric in said.metrics] == [
        ("quantity", "12.125"), ("no", 4711), ("at", AT),
    ]  # fmt: skip


def test_a_birth_says_what_there_is_and_a_death_has_no_number():
    assert decode(encode(Payload(AT, DEVICE, 1))).metrics == DEVICE
    death = decode(encode(Payload(AT, NODE[:1])))
    assert (death.seq, death.metrics) == (None, NODE[:1])


def test_who_has_not_seen_the_birth_cannot_read():
    with pytest.raises(PayloadError, match="metric 1 is of no known type"):
        decode(encode(Payload(AT, SAID, 2)))
    with pytest.raises(PayloadError, match="no Sparkplug payload"):
        decode(b"\x07 not a payload")


def test_topics_name_group_verb_node_and_device():
    assert topic("g", Verb.NODE_BIRTH, "1000") == "spBv1.0/g/NBIRTH/1000"
    assert topic("g", Verb.DEVICE_DATA, "1000", "M-1") == "spBv1.0/g/DDATA/1000/M-1"
