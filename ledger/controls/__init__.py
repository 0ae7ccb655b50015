"""The rules: what deserves a refusal or an inspector. Small pure functions; no storage, no clock."""
