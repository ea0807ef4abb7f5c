"""Belajar ASN: project-based training for public service.

The map of the house, left to right: ``people`` (who), ``courses`` (what is read, cohorts, progress, the grade
ledger), ``quizzes``, ``projects`` (drafts and handed-in versions), ``grading`` (reviews), ``publishing`` (content
folders become course versions), ``records`` (certificates, receipts, reports), ``notices`` (mail), ``home``
(Beranda). Imports go right to left only; ``app.py`` is the one place that knows every feature.
"""
