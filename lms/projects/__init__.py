"""Project work: what an assignment asks for, what learners draft, and what they hand in.

``source`` reads the author's definition and ``rules`` names the consistency checks it can hold; ``content``
is what fills a section; ``checks`` finds what does not fit, ``diff`` compares two versions and ``state`` says
where a section stands. Those are pure. ``models`` holds drafts and handed-in versions, ``actions`` saves and
hands in, ``views`` shows.
"""
