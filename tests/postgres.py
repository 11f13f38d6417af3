"""A real PostgreSQL for one test module, where one is installed: on loopback, thrown away after it.

Not covered: versions; whichever lies on the path is used.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from test_web_listening import free_port

USER = "postgres"  # the server refuses to be root; the package makes this user


def run_postgres() -> Iterator[str]:
    """The URL of an empty database. Skips the tests where there is no server to start."""
    programs = [shutil.which(name) for name in ("initdb", "pg_ctl")]
    if None in programs:
        pytest.skip("no PostgreSQL server on this machine")
    other = os.geteuid() == 0
    if other and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip(f"PostgreSQL does not run as root, and there is no user {USER}")
    initdb, pg_ctl = (str(program) for program in programs)
    # Not below the tests' own folder, which other users may not enter.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        data, port = Path(folder) / "data", free_port()
        if other:
            shutil.chown(folder, USER)

        def start(*command: str) -> None:
            subprocess.run(
                command, user=USER if other else None, cwd=folder, check=True, capture_output=True
            )

        start(initdb, "-D", str(data), "-U", "me", "-A", "trust", "-N", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
        # Its output would keep our pipe open.
        start(pg_ctl, "-D", str(data), "-l", f"{folder}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql://me:secret@127.0.0.1:{port}/postgres"
        finally:
            start(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
