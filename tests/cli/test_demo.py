"""`tieout demo`: a group of one's own in a folder, told once, and living on."""

import subprocess
import sys
import time

import pytest

from app.cli import BLIND, OK, USAGE
from app.demo.folder import FolderError
from app.demo.simulation import Wish, simulation

SMALL = ("--once", "--days", "2", "--plants", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A demo that was played, by a process of its own."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-c", "from app.cli import main; main()", "demo", *SMALL]
    ran = subprocess.run([*command, "--dir", str(folder)], capture_output=True, text=True)
    assert (ran.returncode, "is held exactly once" in ran.stdout) == (OK, True), ran.stderr
    return folder


def test_everything_it_makes_stays_in_its_folder(folder):
    made = {path.name for path in folder.iterdir()}
    assert made == {"demo.txt", "landscape", "secrets", "store", "systems", "truth.csv"}
    for path in (folder / "secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_the_landscape_it_writes_is_without_mistakes(tieout, folder):
    assert tieout("check", at=folder / "landscape").code == OK


def test_its_exceptions_are_the_faults_it_planted(tieout, folder):
    truth = str(folder / "truth.csv")
    said = tieout("score", "--truth", truth, "--fail-on", "any", at=folder / "landscape")
    assert said.code == OK, said.out


def test_playing_it_again_tells_nothing_new(tieout, folder):
    def known():
        shown = tieout("--format", "json", "exceptions", at=folder / "landscape")
        return shown.out, (folder / "truth.csv").read_text("utf-8")

    before = known()
    assert tieout("demo", *SMALL, "--dir", str(folder)).code == OK
    assert known() == before


def test_another_demo_is_refused_in_its_folder(tieout, folder):
    said = tieout("demo", *SMALL, "--dir", str(folder), "--seed", "8")
    assert said.code == USAGE
    assert "holds the demo --seed 7 --days 2 --plants 1 --faults all" in said.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--plants", "0"), "are no group"),
        (("--days", "0"), "are no group"),
        (("--faults", "nowhere.yml"), "nowhere.yml: cannot be read"),
        (("--broker", "http://here"), "amqp://user:password@host:port"),
        (("--broker", "amqp://here/room"), "virtual host of its own"),
        (("--mqtt", "here:1883"), "mqtt://host:port"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tieout, tmp_path, words, why):
    said = tieout("demo", "--once", "--dir", str(tmp_path / "demo"), *words)
    assert said.code == USAGE
    assert why in said.err
    assert len(said.err.splitlines()) == 1


def test_what_cannot_be_leaves_the_folder_free(tieout, tmp_path):
    folder = str(tmp_path / "demo")
    assert tieout("demo", "--once", "--dir", folder, "--plants", "0").code == USAGE
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--broker", "amqp://me:letmein@127.0.0.1:1", "--management", "http://127.0.0.1:1"),
         "RabbitMQ: DELETE /api/vhosts/tieout-demo-"),
        (("--mqtt", "mqtt://me:letmein@127.0.0.1:1"), "MQTT broker at 127.0.0.1:1"),
    ],
)  # fmt: skip
def test_a_broker_that_is_not_there_is_told_in_one_line(tieout, tmp_path, words, why):
    said = tieout("demo", *SMALL, "--dir", str(tmp_path / "demo"), *words)
    assert said.code == BLIND
    assert why in said.err
    assert "letmein" not in said.err
    assert len(said.err.splitlines()) == 1


def test_recordings_and_group_do_not_share_a_folder(tieout, folder):
    said = tieout("demo", "--once", "--recorded", "--dir", str(folder))
    assert said.code == USAGE
    assert "holds the demo --seed 7 --days 2 --plants 1 --faults all" in said.err


def test_a_landscape_that_is_no_demo_is_left_alone(tieout, tmp_path):
    own = tmp_path / "landscape" / "tieout.yml"
    own.parent.mkdir()
    own.write_text("company: Ours\n", "utf-8")
    said = tieout("demo", *SMALL, "--dir", str(tmp_path))
    assert said.code == USAGE
    assert "holds a landscape that is no demo's" in said.err
    assert own.read_text("utf-8") == "company: Ours\n"


def test_it_lives_on_after_its_history(tmp_path):
    looks = []
    with simulation(tmp_path, Wish(days=1, plants=1, faults="none")) as group:
        stops = list(group.stops())
        assert stops[-1] == group.ends_at

        def look():
            began = group.clock.now()
            time.sleep(0.05)
            looks.append((began, group.clock.now()))

        with group.going_on(7200, 0.05, look):
            deadline = time.monotonic() + 20
            while len(looks) < 3 and time.monotonic() < deadline:
                time.sleep(0.05)
    assert len(looks) >= 3
    assert all(began == ended for began, ended in looks)  # nothing happens while tieout looks
    assert group.ends_at < looks[0][0] < looks[-1][0]


def test_its_life_ends_with_its_days(tmp_path):
    looks = []
    with simulation(tmp_path, Wish(days=1, plants=1, faults="none")) as group:
        list(group.stops())
        a_day_a_moment = 86_400 * 20
        with group.going_on(a_day_a_moment, 0.05, lambda: looks.append(group.clock.now())):
            deadline = time.monotonic() + 60
            while group.lasts_until not in looks and time.monotonic() < deadline:
                time.sleep(0.05)
        assert looks[-1] == group.lasts_until == group.clock.now()


def test_a_folder_remembers_whose_it_is(tmp_path):
    with simulation(tmp_path, Wish(days=1, plants=1, faults="none")):
        pass
    with (
        pytest.raises(FolderError, match="another --dir"),
        simulation(tmp_path, Wish(days=1, plants=1, faults="all")),
    ):
        pass
