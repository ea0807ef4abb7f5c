"""The WSGI entry: ``gunicorn wsgi:app`` and ``flask --app wsgi ...``."""

import sys

from lms.app import create_app
from lms.settings import SettingsError

CANNOT_BOOT = 3  # the status by which a gunicorn worker tells its master not to start another one

try:
    app = create_app()
except SettingsError as error:
    # whoever starts the server needs the one sentence, not our stack
    print(f"Belajar ASN tidak dijalankan. {error}", file=sys.stderr)
    sys.exit(CANNOT_BOOT)
