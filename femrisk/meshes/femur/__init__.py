"""The proximal femur: parametric or from a surface; its density, landmarks and places."""
