"""The pages of the interface, one a module. They import Gradio, which takes seconds: ``ui.page`` puts them together."""
