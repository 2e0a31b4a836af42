"""What drivers of several kinds need to ask a device over SNMP: settings, an agent to ask, texts."""
