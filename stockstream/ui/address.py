"""Keeps the address and the controls of the page in step.

Streamlit sets each control from the address, and writes there what the viewer sets. It does not report values
that it cannot use, and a click on another page before the browser has drawn all controls leaves an address
without their values, although the controls keep them. So an address is read here before Streamlit reads it,
and after each run and refresh it is corrected where it differs from the controls.
"""

from collections.abc import Hashable, Iterable
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams
from streamlit.runtime.state.session_state_proxy import get_session_state

from stockstream.ui import parameters
from stockstream.ui.data import live
from stockstream.ui.parameters import PARAMETERS, Query, is_on

ORDER, PROBLEMS, SHOWN = "order of the table", "address problems", "address shown"
SENT = "address sent"


def read() -> None:
    """Make Streamlit set new controls from the address, and all of them after back or forward."""
    found, problems = parameters.read(_query(st.query_params))
    with get_session_state().query_params() as params:
        params.set_initial_query_params(urlencode(found, doseq=True))
    context = get_script_run_ctx()
    if ORDER not in st.session_state or (context is not None and context.is_history_navigation):
        st.session_state[ORDER] = found.get("order", [PARAMETERS["order"].usual])[-1]
        st.session_state[PROBLEMS], st.session_state[SHOWN] = problems, None
        st.session_state.pop(SENT, None)


def usable(names: Iterable[str]) -> Query:
    """Return the usable values of these parameters in the address."""
    found, _ = parameters.read(_query(names))
    return found


def write(page: str) -> None:
    """Write the controls to the address where they differ, and remove parameters without use on this page.

    (A click before the page is drawn leaves the parameters of the page before it.) All changes are written at
    once, because each message adds to the browser's history. A message that crosses a viewer's choice on its
    way undoes the choice in the browser, and the server cannot see this. So after a choice the address is
    sent once more, which adds nothing if the browser already has it.
    """
    wanted = {name: values for name, values in usable(st.query_params).items() if is_on(page, name)}
    with get_session_state().query_params() as params:
        wanted |= {name: _wanted(name) for name in PARAMETERS if is_on(page, name) and params.is_bound(name)}
        wanted = {name: wanted.get(name, []) for name in PARAMETERS}
        wrong = {name: values for name, values in wanted.items() if params.get_all(name) != values}
        for name, values in wrong.items():
            _set(params, name, values)
    given = {name: values for name, values in wanted.items() if values}
    if wrong or st.session_state.get(SENT, given) != given:
        st.query_params.update({})
        st.session_state[SENT] = given


def problems(view: Hashable) -> list[str]:
    """Return the address's unusable values, for the first view since the address was read."""
    if st.session_state.get(SHOWN) is None:
        st.session_state[SHOWN] = view
    problems: list[str] = st.session_state.get(PROBLEMS, []) if st.session_state[SHOWN] == view else []
    return problems


def _query(names: Iterable[str]) -> Query:
    return {name: st.query_params.get_all(name) for name in names}


def _wanted(name: str) -> list[str]:
    usual = live.settings().streamlit_refresh_interval if name == "refresh" else PARAMETERS[name].usual
    value = st.session_state.get(name)
    return [] if value == usual else parameters.texts(value)


def _set(params: QueryParams, name: str, values: list[str]) -> None:
    if values:
        params.set_with_no_forward_msg(name, values)
    else:
        params.discard_param_no_forward_msg(name)
