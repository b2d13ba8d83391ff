"""Tests of rules, in files: facts, and what rules make of them. No broker is needed; fold and evaluator are ours."""
