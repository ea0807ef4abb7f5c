"""``python -m tests.bench``: how fast the hot pages are, beside what this machine can do at most.

seed.py        fill an empty database: many learners, courses, running attempts, drafts, waiting versions
databases.py   a fresh SQLite file, or a PostgreSQL database of its own, gone afterwards
servers.py     gunicorn as in production, on a free loopback port; memory and cold start
limits.py      the bare limits: plain WSGI, Flask with one query and a page, Flask with one insert
bare.py        a Flask app with the same extensions and nothing else, for the cold start
wire.py        HTTP/1.1 as the load generator and the sign-ins speak it
load.py        the load generator, a process of its own
crowd.py       many learners who answer at once: latencies, and whether every save is there
pages.py       who asks for what: the pages, their requests and their targets
inside.py      SQL statements and time per page, through the test client in a process of its own
weight.py      what a first and a later visit download
report.py      the tables and the verdicts
"""
