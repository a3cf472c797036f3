"""The vertebra: parametric or from a surface; its density, landmarks, places, and how it loses and regains height."""
