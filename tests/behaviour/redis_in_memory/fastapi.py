"""As much of FastAPI as projects here import."""


def Depends(dependency):
    return dependency
