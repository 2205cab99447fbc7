"""What answers to several exercises of lesson 06 use."""

import torch


@torch.no_grad()
def add_in_place(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.add_(tau * (new - old))
