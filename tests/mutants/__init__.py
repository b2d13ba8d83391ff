"""Mutants of the evaluator: small slips are put into it one at a time, and its tests must find each. `make mutants`."""
