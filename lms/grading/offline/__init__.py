"""Reviewing without a network: a pack of handed-in versions to take along, and the way back.

``identity`` signs what each sheet and row is about, ``book`` writes and reads the workbook, ``rows`` lays what was
typed into it over what is stored; those are pure. ``zipped`` puts the pack together on disk.
"""
