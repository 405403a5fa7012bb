"""The MQTT broker that terminals meet at: which one, running it, and who may do what there."""
