"""The steps that the page of security tells for a new password."""

import subprocess
from pathlib import Path

from dotenv import dotenv_values

from stockstream.settings import PROJECT
from tests.documented import fenced


def test_the_documented_steps_put_a_new_password_into_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes((PROJECT / ".env").read_bytes())
    steps = [step for step in fenced(PROJECT / "docs" / "security.md") if ".env" in step]
    subprocess.run(["/bin/bash", "-ec", "\n".join(steps)], cwd=tmp_path, check=True)
    before, after = dotenv_values(PROJECT / ".env"), dotenv_values(file)
    assert [key for key in before if before[key] != after[key]] == ["POSTGRES_PASSWORD"]
    assert len(after["POSTGRES_PASSWORD"] or "") == 32
    assert file.read_text("utf-8").count("POSTGRES_PASSWORD=") == 1
    assert (file.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o600, [file])
