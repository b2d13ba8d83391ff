"""An embedded real Apache Kafka (KRaft, one node, loopback only) for those who name no broker of their own.

`which.py` decides between the two, `embedded.py` is the broker, the rest is what it stands on: pinned jars, a JRE from
PyPI, a process that never outlives us, a lock on its folder, and the one question whether it answers yet.
"""
