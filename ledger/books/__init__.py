"""The books: folding movements into lots, holdings, pools, shipments and postings. Pure."""
