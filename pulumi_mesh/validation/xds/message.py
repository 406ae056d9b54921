OLD_NAMES = {}
def patch_problems(a,b,c): return iter(())
