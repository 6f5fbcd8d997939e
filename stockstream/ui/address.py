"""The address and the page say the same.

Streamlit sets each control from the address, and writes there what the viewer sets. It is silent about values
that it cannot use, and a click on another page before the browser has drawn all controls leaves an address
without their values, although the controls keep them. So an address is read here before Streamlit reads it,
and after each run and refresh it is written where it differs from the controls.
"""

from collections.abc import Hashable
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams
from streamlit.runtime.state.session_state_proxy import get_session_state

from stockstream.ui import live, parameters
from stockstream.ui.parameters import PARAMETERS, Query

ORDER, IS_READ, PROBLEMS, SHOWN = "order of the table", "address is read", "address problems", "address shown"


def read() -> None:
    """Have Streamlit set the controls as the address says, at the first run and after back and forward."""
    context = get_script_run_ctx()
    is_history = context is not None and context.is_history_navigation
    if st.session_state.get(IS_READ) and not is_history:
        return
    found, problems = parameters.read({name: st.query_params.get_all(name) for name in st.query_params})
    _put({name: found.get(name, []) for name in st.query_params})
    with get_session_state().query_params() as params:
        params.set_initial_query_params(urlencode(found, doseq=True))
    st.session_state[ORDER] = found.get("order", [PARAMETERS["order"].usual])[-1]
    st.session_state[PROBLEMS], st.session_state[SHOWN] = problems, None
    st.session_state[IS_READ] = True


def write() -> None:
    """Write the controls of this page where the address says something else."""
    with get_session_state().query_params() as params:
        bound = [name for name in PARAMETERS if params.is_bound(name)]
    _put({name: _wanted(name) for name in bound})


def problems(view: Hashable) -> list[str]:
    """Return what of the address could not be used, as long as the view is the first one seen since."""
    if st.session_state.get(SHOWN) is None:
        st.session_state[SHOWN] = view
    told: list[str] = st.session_state.get(PROBLEMS, []) if st.session_state[SHOWN] == view else []
    return told


def _wanted(name: str) -> list[str]:
    usual = live.settings().streamlit_refresh_interval if name == "refresh" else PARAMETERS[name].usual
    value = st.session_state.get(name)
    return [] if value == usual else parameters.texts(value)


def _put(wanted: Query) -> None:
    """Write what differs from the address, all at once: each message adds to the browser's history."""
    with get_session_state().query_params() as params:
        wrong = {name: values for name, values in wanted.items() if params.get_all(name) != values}
        for name, values in wrong.items():
            _set(params, name, values)
    if wrong:
        st.query_params.update({})


def _set(params: QueryParams, name: str, values: list[str]) -> None:
    if values:
        params.set_with_no_forward_msg(name, values)
    else:
        params.discard_param_no_forward_msg(name)
