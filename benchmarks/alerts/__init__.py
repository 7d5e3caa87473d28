"""Evidence for the alerts: simulated run-hours, false alerts, detections and delays."""
