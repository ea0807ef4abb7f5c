"""Pages of ``people``: signing in, one's own profile and password, and the administrators' list."""

from flask import Blueprint

blueprint = Blueprint("people", __name__)

from lms.people.views import accounts, passwords, profile, sign_in  # noqa: E402, F401 - they add their routes
