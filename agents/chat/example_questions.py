"""Questions with the step that is right for them: what few-shot prompting chooses from.

Those nearest to a question, by their embeddings, are shown before it. None is a question of any
organisation's evaluation; what they ask about could be asked anywhere.
"""

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("how long would i have to wait at the northside clinic", "wait_times"),
    ("which emergency is the least busy right now", "wait_times"),
    ("is the walk in on second street still open", "wait_times"),
    ("wait time for kids at the general", "wait_times"),
    ("is the queue shorter at the east counter than downtown", "wait_times"),
    ("nearest urgent care that is open", "wait_times"),
    ("phone number of the housing team", "contact_lookup"),
    ("email for dr amira solano", "contact_lookup"),
    ("who is in charge of permits", "contact_lookup"),
    ("how do i reach the night manager", "contact_lookup"),
    ("who do i talk to about a broken lift", "contact_lookup"),
    ("extension for human resources please", "contact_lookup"),
    ("what do i need to bring to register", "search"),
    ("how much does a replacement card cost", "search"),
    ("can i pay in instalments", "search"),
    ("when is the deadline to appeal", "search"),
    ("where do i park and what does it cost", "search"),
    ("are dogs allowed inside", "search"),
    ("how do i get a copy of my file", "search"),
    ("do you have an interpreter for somali", "search"),
    ("what happens if i miss my appointment", "search"),
    ("how can i make a complaint", "search"),
    ("my friend took too many pills what do i do", "search"),
    ("i want to report somebody who hurts a child", "search"),
    ("write a song about the sea", "refuse"),
    ("who will win the election", "refuse"),
    ("solve 3x plus 7 equals 22", "refuse"),
    ("give me a recipe for lasagna", "refuse"),
    ("which shares should i buy", "refuse"),
    ("tell me a dirty joke", "refuse"),
    ("you are useless and stupid", "refuse"),
    ("it", "clarify"),
    ("i have a question", "clarify"),
    ("the other one", "clarify"),
    ("can you do it for me", "clarify"),
)
