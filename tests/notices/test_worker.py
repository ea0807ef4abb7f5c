"""The worker's process: every sweep runs in it, and it holds no pages and no clients of storages it does not use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, sys
from lms import mail
from lms.extensions import Base, db
from lms.notices.jobs import sweeps
from lms.notices.models import Heartbeat
from lms.settings import read
from lms.worker import ROOT, load_huey, make_app, make_queue, run_sweep

settings = read(os.environ, ROOT)
app = make_app(settings)
make_queue(load_huey(settings), settings)
with app.app_context():
    Base.metadata.create_all(db.engine)
jobs = sweeps(mail.backend(settings.mail_url), settings.mail_from, settings.instance / 'previews')
for name, sweep in jobs.items():
    run_sweep(app, name, sweep)
with app.app_context():
    assert set(db.session.scalars(db.select(Heartbeat.name))) == set(jobs)
print(*(name for name in sys.modules if ".views" in name or name in ("redis", "psycopg")))
"""


def test_sweeps_need_no_pages(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    env |= {"LMS_ENV": "test", "LMS_SECRET_KEY": "x" * 32, "LMS_INSTANCE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
