"""What does an answer cost, and what would it cost with the same libraries used plainly?

``suite`` runs the parts in order; each part is a file and gives ``samples``; ``figures`` reads them, ``table`` and
``report`` show them. Nothing here is better or worse by itself: every ratio is between two things that were measured
in turns in one run, so that whatever else the machine does hits both.
"""
