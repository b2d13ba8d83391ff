"""Where facts come from: theatres as files that people edit, and the loader that turns them into events.

`iraq-syria/` is the first theatre; `golden/` holds one log per version of the contract, never edited. May import
`events`.
"""
