"""What a party runs: sign, submit, keep receipts. Talks HTTP and trusts none of the answers."""
