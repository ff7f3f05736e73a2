"""`./dev`, the one door for those who work on the project."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def dev(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ROOT / "dev"), *words], capture_output=True, text=True, timeout=60, check=False)


def test_alone_it_prints_a_line_of_help_for_each_word():
    done = dev()
    assert done.returncode == 0
    for word in ("test", "check", "docs", "bench"):
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"  ./dev {word} ")]
        assert len(line.split()) > 5


def test_a_wrong_word_names_the_nearest_right_one():
    done = dev("chekc")
    assert done.returncode == 2
    assert "Did you mean 'check'?" in done.stderr


def test_words_after_check_are_refused_before_anything_is_installed():
    done = dev("check", "everything")
    assert (done.returncode, done.stdout) == (2, "")
    assert "takes no arguments" in done.stderr


def test_without_uv_it_says_how_to_get_it(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev"), "check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode == 1
    assert "pip install uv" in done.stderr
