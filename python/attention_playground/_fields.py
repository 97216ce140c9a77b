"""The fields of the page's state, as `www/state/fields.ts` has them: a test holds the two together."""

FIELD_NAMES = frozenset(
    """
    model text target drawing keyText attention heads kvHeads headDim causal window mask softcap decay beta
    scale position seed matrices edits block layer temperature backend stage cell zoom head token pin show
    threshold topK speed theme lang lesson lessonStep hide lock
    """.split()
)

MAX_HEADS = 16
