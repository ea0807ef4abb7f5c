"""The WSGI entry: ``gunicorn wsgi:app`` and ``flask --app wsgi ...``."""

import gc
import sys

gc.disable()  # loading leaves nothing to collect, and looking for it takes a tenth of the start

from lms.app import create_app  # noqa: E402
from lms.memory import keep_little  # noqa: E402
from lms.settings import SettingsError  # noqa: E402

CANNOT_BOOT = 3  # the status by which a gunicorn worker tells its master not to start another one

keep_little()
try:
    app = create_app()
except SettingsError as error:
    # whoever starts the server needs the one sentence, not our stack
    print(f"Belajar ASN tidak dijalankan. {error}", file=sys.stderr)
    sys.exit(CANNOT_BOOT)
gc.freeze()  # what was loaded stays: no later collection looks at it again
gc.enable()
