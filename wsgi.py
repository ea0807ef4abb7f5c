"""The WSGI entry: ``gunicorn wsgi:app`` and ``flask --app wsgi ...``."""

import sys

from lms.app import create_app
from lms.settings import SettingsError

try:
    app = create_app()
except SettingsError as error:
    # whoever starts the server needs the one sentence, not our stack
    sys.exit(f"Belajar ASN tidak dijalankan. {error}")
