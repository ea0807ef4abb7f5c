"""The WSGI entry: ``gunicorn wsgi:app`` and ``flask --app wsgi ...``."""

from lms.app import create_app

app = create_app()
