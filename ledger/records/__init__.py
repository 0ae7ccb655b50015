"""What the books hold: plain records, and the place where a fold keeps them. No rule, no I/O."""
