"""Faust, fed by whole batches: what is ours of its consumer. The app that has it is the worker's (`worker/app.py`)."""
