"""The only part that knows the wire to head office; `cloud_bridge.hq` is the other end of it."""
