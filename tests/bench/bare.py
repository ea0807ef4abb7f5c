"""A Flask app with the same extensions and nothing else: what a cold start costs without us."""

from __future__ import annotations

import os

from flask import Flask
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

url = os.environ["LMS_DATABASE_URL"]
if url.startswith("postgresql://"):
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)

db = SQLAlchemy()

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["LMS_SECRET_KEY"],
    SQLALCHEMY_DATABASE_URI=url,
    RATELIMIT_STORAGE_URI="memory://",
)
db.init_app(app)
CSRFProtect().init_app(app)
LoginManager().init_app(app)
Limiter(get_remote_address).init_app(app)
Migrate().init_app(app, db)
Babel().init_app(app)
