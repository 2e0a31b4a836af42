"""The device host: everything with a plug, behind MQTT, in its own process.

A driver is protocol logic over a Transport; the supervisor owns time, retries and states; the job log owns what was
asked; the host owns topics. The simulators are the other end of the wire and share no code with the drivers.
"""
