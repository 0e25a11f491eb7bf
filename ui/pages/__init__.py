"""The pages, one module each. They import Gradio, which takes seconds; ``ui.page`` puts them together."""
