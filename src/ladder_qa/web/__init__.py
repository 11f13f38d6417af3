"""The HTTP door: routes, problem documents and pages over one opened assistant.

Nothing is imported here, so that `ladder_qa.cli` can reach single modules cheaply.
Not covered: what an answer says, which the rooms above decide.
"""
