"""What an operator would look at first, one finding each, with what to do about it. Nothing is changed by looking."""
