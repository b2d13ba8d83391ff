"""Faust, fed by whole batches: what is ours of its consumer; the app with its agent. Faust is imported only here."""
