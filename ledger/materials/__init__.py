"""What rare earths are: elements, products, processes, fingerprints, uncertainty, mass units. Plain data."""
