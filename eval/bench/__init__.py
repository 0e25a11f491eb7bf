"""Benchmark: what does an answer cost, and what would it cost with plain use of the same libraries?

``suite`` runs the parts in order; each part is a module and yields ``samples``; ``figures`` computes results from them,
``table`` and ``report`` show them. No number is good or bad by itself: every ratio compares two systems that took turns
in the same run, so that background load affects both.
"""
