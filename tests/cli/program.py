"""The program under test, where a user who may not enter the checkout can run it."""
import os
import shutil


def for_plain_user(folder):
    """A copy in `folder`, which that user must be able to enter. A checkout below /root is closed to all others."""
    copy = f"{folder}/tocsin"
    if not os.path.exists(copy):
        shutil.copyfile(os.environ["TOCSIN"], copy)
        os.chmod(copy, 0o755)
    return copy
