"""What parties sign: the JWS envelope, keys, EPCIS documents, official acts, and the registers they build."""
