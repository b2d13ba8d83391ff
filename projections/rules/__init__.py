"""Rules, episodes and alerts: pure functions of standing incidents and the clock. May import `events`; no I/O."""
